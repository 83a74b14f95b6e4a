using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ChatShare.Core.Storage.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class ReadMarksByRoom : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateIndex(
                name: "IX_ReadMarks_RoomId",
                table: "ReadMarks",
                column: "RoomId");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_ReadMarks_RoomId",
                table: "ReadMarks");
        }
    }
}
